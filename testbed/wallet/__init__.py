"""What stands between Unbet and an operator's wallet service when it is tested."""
