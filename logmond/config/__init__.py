"""From a YAML file, the environment and ``--set`` to one checked, frozen `Config`.

`schema` joins the sections (`source`, `statistics`, `rule`, `output`), whose
values are read by `scalars`, `units` and `addresses`. `yamltree` reads strict
YAML and remembers places, `overlay` lays environment and ``--set`` over it,
`loading` joins them and tells every problem at once. `checks` and `readable`
know what is legal but will not work; `reference` writes docs/config.md.
"""
