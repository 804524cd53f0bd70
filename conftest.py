pytest_plugins = ["tests.parts.plugin"]
