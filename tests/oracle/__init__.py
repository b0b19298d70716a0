"""An independent judge of query verdicts: evaluators, generators and a checker, sharing no code with the prover."""
