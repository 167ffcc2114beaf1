"""Enhancers: waves, files and streams, and the engines that run their networks."""
