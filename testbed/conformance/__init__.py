"""The conformance kit: every rule of the protocol, played against an endpoint and judged by what it
answers, and by what that does to a player's money where the kit can see it."""
