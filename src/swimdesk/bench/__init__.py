"""The proof of the order lane's speed: the product beside the raw floor, on one fast responder."""
