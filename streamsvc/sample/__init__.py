"""A sample lesson that looks and sounds like a real one, made without network or root."""

from streamsvc.sample.making import Sample, make_sample

__all__ = ["Sample", "make_sample"]
