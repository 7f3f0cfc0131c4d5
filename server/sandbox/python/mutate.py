def mutants(text):
    raise NotImplementedError
def literal(text):
    raise NotImplementedError
