"""What became of a bet's money: one package a wallet."""
