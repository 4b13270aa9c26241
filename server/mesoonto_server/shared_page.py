"""The page of memory that the front and one connection worker share, and what they tell each other.

The page says who is at what, and what was counted.
"""

from __future__ import annotations

import struct

from mesoonto_server.telemetry.counts import SharedCounters

#: Words of the page: the number of the recall, which is not 0 while one is on; the number of the connection
#: at work, or 0; how many requests were begun; whether the answer has begun; the seconds that were asked for,
#: times thousand; whether so many long queries run that a long answer must not begin, but wait for its
#: turn in the queue of the pool; and whether the front is asking the client if it is still there, so that the
#: answer must wait.
RECALL, CLAIM, TURN, STARTED, TIMEOUT, CROWDED, ASKING = range(7)

#: Bytes of the words.
WORDS = 8 * 8

#: Bytes of the page; what the worker has counted follows the words.
PAGE = WORDS + SharedCounters.SIZE

#: From the front: the number of a connection, whether it had an answer before, and the address of its client,
#: with the connection as file descriptor. The number 0 comes without one and wakes the worker up. First comes
#: the page.
HANDED = struct.Struct("<Q?55s")

#: To the front: what, and the number of a connection.
NOTICE = struct.Struct("<cQ")

FREE = b"F"  #: all connections were given up, as asked
CLOSED = b"C"  #: the connection has ended
PASSED = b"P"  #: the next request on it is for the front
SERVICE = b"S"  #: so it is, as a query with SERVICE
