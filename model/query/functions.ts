import { shortened } from "./operators.ts";

/*
 * Functions by whether they give the same value for the same row at each reading. A name that is in neither list is
 * refused: it may be a stored function, which can read anything.
 */

/** Scalar functions of the values that they are given (`kusto/query/scalar-functions.md`), with their older names. */
const OF_VALUES: ReadonlySet<string> = new Set(
  `abs acos around asin assert atan atan2 beta_cdf beta_inv beta_pdf ceiling cos cot degrees erf erfc exp exp10 exp2 floor gamma
  isfinite isinf isnan log log10 log2 loggamma not pi pow radians range round sign sin sqrt tan welch_test
  bin bin_at case coalesce column_ifexists columnifexists iscolumnexists iff iif max_of min_of
  binary_and binary_not binary_or binary_shift_left binary_shift_right binary_xor bitset_count_ones
  tobool toboolean todatetime todecimal todouble toreal todynamic toobject toguid tohex toint tolong tostring totime totimespan
  gettype typeof dynamic datetime_add datetime_diff datetime_local_to_utc datetime_part datepart datetime_utc_to_local
  dayofmonth dayofweek dayofyear endofday endofmonth endofweek endofyear format_datetime format_timespan getmonth getyear hourofday
  make_datetime make_timespan monthofyear startofday startofmonth startofweek startofyear week_of_year weekofyear
  unixtime_microseconds_todatetime unixtime_milliseconds_todatetime unixtime_nanoseconds_todatetime unixtime_seconds_todatetime
  array_concat array_iff array_iif array_index_of array_length arraylength array_reverse array_rotate_left array_rotate_right
  array_shift_left array_shift_right array_slice array_sort_asc array_sort_desc array_split array_strcat array_sum strcat_array
  bag_has_key bag_keys bag_merge bag_pack bag_pack_columns bag_remove_keys bag_set_key bag_zip dynamic_to_json jaccard_index
  pack pack_all pack_array pack_dictionary repeat set_difference set_equals set_has_element set_intersect set_union treepath zip
  base64_decode_toarray base64_decode_toguid base64_decode_tostring base64_decodestring base64_encode_fromarray
  base64_encode_fromguid base64_encode_tostring base64_encodestring countof extract extract_all extractall extract_json extractjson
  format_bytes gzip_compress_to_base64_string gzip_decompress_from_base64_string has_any_index indexof indexof_regex isascii isempty
  isnotempty isnotnull isnull isutf8 make_string notempty notnull parse_command_line parse_csv parse_json parsejson parse_path
  parse_url parseurl parse_urlquery parseurlquery parse_user_agent parse_version parse_xml punycode_domain_from_string
  punycode_domain_to_string punycode_from_string punycode_to_string regex_quote replace replace_regex replace_string
  replace_strings reverse split strcat strcat_delim strcmp string_size strlen strrep substring to_utf8 tolower toupper translate
  trim trim_end trim_start unicode_codepoints_from_string unicode_codepoints_to_string url_decode url_encode url_encode_component
  zlib_compress_to_base64_string zlib_decompress_from_base64_string
  format_ipv4 format_ipv4_mask has_any_ipv4 has_any_ipv4_prefix has_ipv4 has_ipv4_prefix ipv4_compare ipv4_is_in_any_range
  ipv4_is_in_range ipv4_is_match ipv4_is_private ipv4_netmask_suffix ipv4_range_to_cidr_list ipv6_compare ipv6_is_in_any_range
  ipv6_is_in_range ipv6_is_match parse_ipv4 parse_ipv4_mask parse_ipv6 parse_ipv6_mask
  dcount_hll hll_isvalid hll_merge merge_tdigest percentile_tdigest percentile_array_tdigest percentiles_array_tdigest
  percentrank_tdigest rank_tdigest tdigest_isvalid tdigest_merge
  hash_md5 hash_sha1 hash_sha256 hash_xxhash64 convert_angle convert_energy convert_force convert_length convert_mass convert_speed
  convert_temperature convert_volume current_cluster_endpoint current_database
  geo_angle geo_azimuth geo_closest_point_on_line geo_closest_point_on_polygon geo_distance_2points geo_distance_point_to_line
  geo_distance_point_to_polygon geo_from_wkt geo_geohash_neighbors geo_geohash_to_central_point geo_geohash_to_polygon
  geo_h3cell_children geo_h3cell_level geo_h3cell_neighbors geo_h3cell_parent geo_h3cell_rings geo_h3cell_to_central_point
  geo_h3cell_to_polygon geo_intersection_2lines geo_intersection_2polygons geo_intersection_line_with_polygon
  geo_intersects_2lines geo_intersects_2polygons geo_intersects_line_with_polygon geo_line_buffer geo_line_centroid
  geo_line_densify geo_line_interpolate_point geo_line_length geo_line_locate_point geo_line_simplify geo_line_to_s2cells
  geo_point_buffer geo_point_in_circle geo_point_in_polygon geo_point_to_geohash geo_point_to_h3cell geo_point_to_s2cell
  geo_polygon_area geo_polygon_buffer geo_polygon_centroid geo_polygon_densify geo_polygon_perimeter geo_polygon_simplify
  geo_polygon_to_h3cells geo_polygon_to_s2cells geo_s2cell_neighbors geo_s2cell_to_central_point geo_s2cell_to_polygon
  geo_simplify_polygons_array geo_union_lines_array geo_union_polygons_array
  series_abs series_acos series_add series_asin series_atan series_ceiling series_cos series_cosine_similarity series_decompose
  series_decompose_anomalies series_decompose_forecast series_divide series_dot_product series_equals series_exp series_fft
  series_fill_backward series_fill_const series_fill_forward series_fill_linear series_fir series_fit_2lines
  series_fit_2lines_dynamic series_fit_line series_fit_line_dynamic series_fit_poly series_floor series_greater
  series_greater_equals series_ifft series_iir series_less series_less_equals series_log series_magnitude series_multiply
  series_not_equals series_outliers series_pearson_correlation series_periods_detect series_periods_validate series_pow
  series_product series_seasonal series_sign series_sin series_stats series_stats_dynamic series_subtract series_sum series_tan`.split(
    /\s+/,
  ),
);

/** Words of the language that brackets may follow. */
const WORDS: ReadonlySet<string> = new Set(
  `and or in has has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs has_any has_all contains contains_cs containscs startswith
  startswith_cs endswith endswith_cs like likecs notlike notlikecs notcontains notcontainscs regex between by as with to`.split(
    /\s+/,
  ),
);

const TYPES: ReadonlySet<string> = new Set(
  "bool boolean int long real double decimal datetime date timespan time guid uuid uniqueid".split(" "),
);

const MOMENT = "gives another moment at each reading: write the moment as datetime(2026-01-31T00:00:00Z).";
const CHANCE =
  "gives another value at each reading. For a share of the rows, filter by a stable hash: hash_xxhash64(Column, 10) == 0.";
const WHO = "depends on who asks: leave it out.";
const CURSOR =
  "is what the copy itself cuts windows by: leave it out; a backfill horizon leaves old rows out.";
const EXTENT = "changes when extents are merged, also between export and verification: leave it out.";
const NEIGHBOURS =
  "lets a row depend on the rows around it, and a window holds only some of them: leave it out, and use it where the destination is read.";
const OTHER_DATA =
  "reads other data, which may change before the copy is verified, and afterwards: copy the other table too, and combine them at the destination.";
const AGGREGATES =
  "is computed over many rows, and a window holds only some of them: copy the rows, and aggregate at the destination.";

const REFUSED: readonly (readonly [reason: string, functions: string])[] = [
  [MOMENT, "now ago"],
  [CHANCE, "rand new_guid"],
  [WHO, "current_principal current_principal_details current_principal_is_member_of"],
  [CURSOR, "cursor_after cursor_before_or_at cursor_current current_cursor"],
  [EXTENT, "extent_id extentid extent_tags rowstore_ordinal_range current_node_id row_id"],
  [NEIGHBOURS, "next prev row_cumsum row_number row_rank row_rank_dense row_rank_min row_window_session"],
  [
    OTHER_DATA,
    `toscalar table cluster database materialize materialized_view external_table externaldata datatable stored_query_result
    entity_group column_names_of graph geo_info_from_ip_address union join lookup find search`,
  ],
  [
    AGGREGATES,
    `any anyif arg_max arg_min argmax argmin avg avgif binary_all_and binary_all_or binary_all_xor buildschema cnt count
    count_distinct count_distinctif countif covariance covarianceif covariancep covariancepif dcount dcountif hll hll_if make_bag
    make_bag_if make_dictionary make_list make_list_if make_list_with_nulls make_set make_set_if makelist makeset max maxif min
    minif passthrough percentile percentiles percentiles_array percentilesw percentilesw_array percentilew stdev stdevif stdevp
    sum sumif take_any take_anyif tdigest variance varianceif variancep variancepif estimate_data_size`,
  ],
  [
    "may give other values after an update of the cluster, and the copy goes on for years: use hash_xxhash64().",
    "hash hash_many hash_combine",
  ],
];

const REASONS: ReadonlyMap<string, string> = new Map(
  REFUSED.flatMap(([reason, functions]) =>
    functions.split(/\s+/).map((name): [string, string] => [name, reason]),
  ),
);

/**
 * Why a name can't have brackets after it in a copy's query; nothing for a function of its values, and for words of the
 * language. `ingestion_time` depends on where it stands, which the caller knows.
 */
export function functionProblem(name: string): string | undefined {
  if (OF_VALUES.has(name) || WORDS.has(name)) return undefined;
  const reason = REASONS.get(name);
  if (reason !== undefined) return `${name}() ${reason}`;
  if (TYPES.has(name))
    return `${name}(…) is written with nothing before the bracket, and a plain value in it.`;
  return `${shortened(name)}() is not known to give the same value at each reading; a stored function may read other tables. Write what it computes into the query.`;
}

/** All names that are judged here, for tests to hold against the language's own list. */
export const JUDGED_FUNCTIONS: ReadonlySet<string> = new Set([...OF_VALUES, ...REASONS.keys()]);
