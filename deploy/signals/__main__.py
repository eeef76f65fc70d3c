"""`make signals`: docs/signals.md again from the code."""

from deploy.signals.write import main

main()
