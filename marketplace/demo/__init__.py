"""What make demo plays, over HTTP and websocket."""
