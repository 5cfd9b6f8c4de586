"""What an operator is told of rules before she chooses: situations, promises in sentences, bids to try them on."""
