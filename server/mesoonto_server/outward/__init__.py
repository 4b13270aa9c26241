"""The process that may reach other endpoints: it passes on what workers ask and what comes back, unread."""
