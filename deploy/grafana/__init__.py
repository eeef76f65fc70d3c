"""The dashboards: what a panel asks (`boards/`), how that becomes JSON (`render.py`), if it answers (`asking.py`)."""
