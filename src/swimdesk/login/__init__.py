"""Logins: secrets by reference, token files, and the keeper that keeps access tokens alive."""
