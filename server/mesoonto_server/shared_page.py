"""The page of memory that the front and one worker share: who is at what, and what was counted."""

from __future__ import annotations

import struct

from mesoonto_server.telemetry.counts import Tally

#: Words of the page: the number of the recall, which is not 0 while one is on; the number of the connection
#: at work, or 0; how many requests were begun; whether the answer has begun; the seconds that were asked for,
#: times thousand; and whether so many long queries run that a long answer must not begin, but wait for its
#: turn in the queue of the server behind.
RECALL, CLAIM, TURN, STARTED, TIMEOUT, CROWDED = range(6)


_WORDS = 8


#: Bytes of the page; what the worker has counted follows the words.
PAGE = _WORDS * 8 + Tally.SIZE


#: From the acceptor: the number of a connection and the address of its client, with the connection as file
#: descriptor. The number 0 comes without one and wakes the worker up. First of all comes the page.
HANDED = struct.Struct("<Q56s")


#: To the acceptor: what, and the number of a connection.
NOTICE = struct.Struct("<cQ")


FREE = b"F"  #: all connections were given up, as asked


CLOSED = b"C"  #: the connection has ended


PASSED = b"P"  #: the next request on it is for the server behind
