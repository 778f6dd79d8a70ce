"""Keeps a program and all it starts from the network (Linux). Standard library only; see main.py."""
