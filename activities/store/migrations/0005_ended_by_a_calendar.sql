-- The calendar by which a deadline was counted when it ended (R7.6); empty for the one the complaint was opened under.
ALTER TABLE ended ADD COLUMN calendar text;
