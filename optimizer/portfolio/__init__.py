"""Many sites under a common limit, event or reserve: sites answer a portfolio's prices as cars answer a site's.

`values` is what goes in and comes out; `site` is one site's answer and its plan, pure functions of their arguments; `workers`
spread them over cores and machines; `crossing` is what the sites share, `master` the program of their answers in it; `search`
finds the prices and `planner` does all of it. See docs/portfolio.md.
"""
