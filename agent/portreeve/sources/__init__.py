"""Reads typed values from where they live, without trusting what is found there."""
