"""What can be asked of photos and videos.

Bytes go to the object store between transactions, never inside one. A row exists before its first byte and outlives its
last, so whatever is interrupted in between is found and deleted by `retention.forget`.
"""
