"""What front ends show and programs read: frozen views and their one JSON codec."""
