"""Every way in: REST, websocket, pages."""
