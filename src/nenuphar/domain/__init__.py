"""The ground floor: frozen types that every other floor speaks in."""
