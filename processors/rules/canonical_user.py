"""One user has one id.

Some clients send the user id as a number, others as text: 42 and "42" are one user. Nothing else is changed, no
trimming and no case folding: " 42" is another user.

Fixes    the `user-id` of every event that has one, into text
Refuses  nothing
Example  `42` becomes `"42"`
"""

from processors.rules import ValueRule

rule = ValueRule(name="canonical-user", reads={"user_id": "string | long"}, fix=str)
