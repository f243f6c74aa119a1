"""What follows when a movement has settled or failed, by its purpose; without an entry it is paid, or has an owner."""

from workflows.complaint.rules.advances import course

SETTLES, FAILS = course.rules.settles, course.rules.fails
