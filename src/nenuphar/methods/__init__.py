"""The numerical rooms: frame or record in, frame or record out."""
