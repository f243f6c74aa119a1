"""The processes that run: the only place where workflows meet activities."""
