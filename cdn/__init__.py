"""Bytes: object keys, storage, signatures, delivery."""
