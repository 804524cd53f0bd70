from tests.scripted_http import server as server
