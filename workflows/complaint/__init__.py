"""A buyer's complaint as a durable case: values in domain/, decisions in rules/, what is shown in views/."""
