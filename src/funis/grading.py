"""stub"""
def build_grades(*a, **k): raise NotImplementedError
