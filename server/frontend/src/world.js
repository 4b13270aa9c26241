// Outlines of countries, coarse enough for a map of the whole world, with their names.
import { feature } from "topojson-client";
import atlas from "world-atlas/countries-110m.json";

export const countries = feature(atlas, atlas.objects.countries).features;
