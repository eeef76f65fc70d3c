"""Where photos and videos are developed, outside every loop: hostile bytes are decoded in a confined process.

worker ── claims, starts, records ──→ porter (`python -m services.intake.media.darkroom`): knows the object store
                                         └─→ confined (`…darkroom.confined`): decodes; no network, no secrets
"""
