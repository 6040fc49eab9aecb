"""A provider's dialect that is not Unbet's: Play'n GO's, with XML and the secret in it."""
