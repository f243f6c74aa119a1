"""Composition: the one place where workflows meet activities and these meet their adapters."""
