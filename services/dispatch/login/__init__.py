"""Who the officers are and that they are who they say: accounts, sessions, second factor, five-minute tokens."""
