"""The one door to solvers: winner determination and convex programs; what is not proven optimal raises."""
