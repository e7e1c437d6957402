"""Dead letters sent again: each at most once, with what became of it in the same transaction.

filters      which letters a command is about
originals    the event that a letter keeps, as JSON
correction   a mapping that repairs events; corrected   a file of repaired ones
records      what became of letters, on the topic `dead-letter-replays`
states       open, sent or parked; how often tried
plan         what is to be done with one letter
run          doing it, batch by batch
reading      letters with their states, for a person
audit        every event sent again has its record, and the other way round
"""
