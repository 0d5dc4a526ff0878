"""Helm charts, over the `helm` program: releases that Helm keeps, and charts that are only rendered."""
