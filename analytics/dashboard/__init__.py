"""The live dashboard: one page, fed by `kpis-minute` and pushed to the browser as numbers come.

Starlette and uvicorn serve it, and they are all that it adds: of what they need, everything was here before. A
component framework (NiceGUI with ECharts, say) was weighed: 34 more packages and 30 MB for a page whose charts are
canvases that need a table beside them anyway, and tooltips that read HTML. Here a chart is SVG made from numbers,
every text goes in as text, and the page's policy (`server.POLICY`) lets a browser run and load nothing else.

    board.py        what is known, from three readers that survive outages
    view.py         what is known, as the page shows it: numbers as exact text
    server.py       the page, its stream of views, its health
    page/           HTML, CSS and JavaScript as the browser gets them; no build, nothing from elsewhere
"""
