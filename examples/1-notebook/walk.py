"""A project from a notebook: cells for Jupyter, VS Code or Spyder (``# %%``), and a script.

    python examples/1-notebook/walk.py DIR IMAGE SEEDS.geojson

Needs the extra ``notebook``: pip install 'rtsproj[notebook]'. From here the loop is ``p.train()``
and ``p.infer()`` (detached jobs that outlive the notebook), ``p.candidates()``, then
``p.decide(1, "accept")`` and ``p.converge()``. With folium installed, a map of the candidates is
``p.candidates().explore("score_mean")``.
"""

# %% A project with one image and the slumps that are known
import sys
from datetime import date

import rtsproj as rts

folder, image, seeds = sys.argv[1:4]
p = rts.init(folder, name="from a notebook", analyst="me")
p.add_scenes([image], acquired=date(2019, 7, 15))
p.add_labels(seeds, polarity="positive")
tiling = p.tile()
print(f"{tiling.tiles} tiles, {tiling.valid_km2:.2f} km2 of valid pixels")

# %% Where it is, and what is next; in a notebook, p alone shows the same
now = p.status()
print(f"stage {now.stage}, next: {now.next_step}")
print(now.state)

# %% The inventory as a GeoDataFrame in the project CRS; areas are geodesic
slumps = p.inventory()
print(slumps[["name", "origin", "area_m2"]].round(0).to_string(index=False))
print(f"{len(slumps)} slumps, {slumps.area_m2.sum() / 1e4:.2f} ha, CRS {slumps.crs.to_string()}")

# %% Any SQL, in the form that suits: pandas, geopandas, polars or arrow
tiles = p.query("SELECT grid_row, grid_col, valid_m2 / 1e6 AS valid_km2 FROM tiles", form="polars")
print(tiles)

# %% Open it again, as in the next session
again = rts.open(folder, analyst="me")
print(f"{len(again.inventory())} slumps, as before")
