/* convert_angle() … convert_volume(): amounts in another unit (documentation: convert-*-function).
 * An unknown unit gives null. The factors are those of the library whose units the documentation
 * lists, rounded as it rounds them; legal definitions differ in the sixth digit at most. */
#include <math.h>

#include "engine/duckdb/fn.h"

enum quantity { ANGLE, ENERGY, FORCE, LENGTH, MASS, SPEED, TEMPERATURE, VOLUME };

#define DEGREES_PER_RADIAN 57.295779513082320876798
#define BTU 1055.05585262
#define EV 1.602176565e-19
#define SURVEY_FOOT (1200.0 / 3937)
#define ZERO_CELSIUS 273.15
#define CUBIC_FOOT 0.0283168
#define US_GALLON 0.00378541
#define IMPERIAL_GALLON 0.00454609000000181429905810072407
#define NOT_LINEAR 0.0

/* In base units (degree, joule, newton, metre, kilogram, metre per second, kelvin, cubic metre) an
 * amount is x * factor + offset. */
static const struct unit {
    enum quantity quantity;
    const char *name;
    double factor, offset;
} units[] = {
    {ANGLE, "Arcminute", 1.0 / 60, 0},
    {ANGLE, "Arcsecond", 1.0 / 3600, 0},
    {ANGLE, "Centiradian", DEGREES_PER_RADIAN * 1e-2, 0},
    {ANGLE, "Deciradian", DEGREES_PER_RADIAN * 1e-1, 0},
    {ANGLE, "Degree", 1, 0},
    {ANGLE, "Gradian", 0.9, 0},
    {ANGLE, "Microdegree", 1e-6, 0},
    {ANGLE, "Microradian", DEGREES_PER_RADIAN * 1e-6, 0},
    {ANGLE, "Millidegree", 1e-3, 0},
    {ANGLE, "Milliradian", DEGREES_PER_RADIAN * 1e-3, 0},
    {ANGLE, "Nanodegree", 1e-9, 0},
    {ANGLE, "Nanoradian", DEGREES_PER_RADIAN * 1e-9, 0},
    {ANGLE, "NatoMil", 9.0 / 160, 0},
    {ANGLE, "Radian", DEGREES_PER_RADIAN, 0},
    {ANGLE, "Revolution", 360, 0},
    {ANGLE, "Tilt", NOT_LINEAR, 0},
    {ENERGY, "BritishThermalUnit", BTU, 0},
    {ENERGY, "Calorie", 4.184, 0},
    {ENERGY, "DecathermEc", 1.05505585262e9, 0},
    {ENERGY, "DecathermImperial", 1.05505585257348e9, 0},
    {ENERGY, "DecathermUs", 1.054804e9, 0},
    {ENERGY, "ElectronVolt", EV, 0},
    {ENERGY, "Erg", 1e-7, 0},
    {ENERGY, "FootPound", 1.355817948, 0},
    {ENERGY, "GigabritishThermalUnit", BTU * 1e9, 0},
    {ENERGY, "GigaelectronVolt", EV * 1e9, 0},
    {ENERGY, "Gigajoule", 1e9, 0},
    {ENERGY, "GigawattDay", 86400e9, 0},
    {ENERGY, "GigawattHour", 3600e9, 0},
    {ENERGY, "HorsepowerHour", 2.6845195377e6, 0},
    {ENERGY, "Joule", 1, 0},
    {ENERGY, "KilobritishThermalUnit", BTU * 1e3, 0},
    {ENERGY, "Kilocalorie", 4184, 0},
    {ENERGY, "KiloelectronVolt", EV * 1e3, 0},
    {ENERGY, "Kilojoule", 1e3, 0},
    {ENERGY, "KilowattDay", 86400e3, 0},
    {ENERGY, "KilowattHour", 3600e3, 0},
    {ENERGY, "MegabritishThermalUnit", BTU * 1e6, 0},
    {ENERGY, "Megacalorie", 4.184e6, 0},
    {ENERGY, "MegaelectronVolt", EV * 1e6, 0},
    {ENERGY, "Megajoule", 1e6, 0},
    {ENERGY, "MegawattDay", 86400e6, 0},
    {ENERGY, "MegawattHour", 3600e6, 0},
    {ENERGY, "Millijoule", 1e-3, 0},
    {ENERGY, "TeraelectronVolt", EV * 1e12, 0},
    {ENERGY, "TerawattDay", 86400e12, 0},
    {ENERGY, "TerawattHour", 3600e12, 0},
    {ENERGY, "ThermEc", 1.05505585262e8, 0},
    {ENERGY, "ThermImperial", 1.05505585257348e8, 0},
    {ENERGY, "ThermUs", 1.054804e8, 0},
    {ENERGY, "WattDay", 86400, 0},
    {ENERGY, "WattHour", 3600, 0},
    {FORCE, "Decanewton", 10, 0},
    {FORCE, "Dyn", 1e-5, 0},
    {FORCE, "KiloPond", 9.80665002864, 0},
    {FORCE, "KilogramForce", 9.80665002864, 0},
    {FORCE, "Kilonewton", 1e3, 0},
    {FORCE, "KilopoundForce", 4448.2216152605095551842641431421, 0},
    {FORCE, "Meganewton", 1e6, 0},
    {FORCE, "Micronewton", 1e-6, 0},
    {FORCE, "Millinewton", 1e-3, 0},
    {FORCE, "Newton", 1, 0},
    {FORCE, "OunceForce", 0.2780138509537812, 0},
    {FORCE, "PoundForce", 4.4482216152605095551842641431421, 0},
    {FORCE, "Poundal", 0.13825502798973041652092282466083, 0},
    {FORCE, "ShortTonForce", 8.896443230521e3, 0},
    {FORCE, "TonneForce", 9806.65002864, 0},
    {LENGTH, "Angstrom", 1e-10, 0},
    {LENGTH, "AstronomicalUnit", 1.4959787070e11, 0},
    {LENGTH, "Centimeter", 1e-2, 0},
    {LENGTH, "Chain", 20.1168, 0},
    {LENGTH, "DataMile", 1828.8, 0},
    {LENGTH, "Decameter", 10, 0},
    {LENGTH, "Decimeter", 0.1, 0},
    {LENGTH, "DtpPica", 1 / 236.220472441, 0},
    {LENGTH, "DtpPoint", 0.0254 / 72, 0},
    {LENGTH, "Fathom", 1.8288, 0},
    {LENGTH, "Foot", 0.3048, 0},
    {LENGTH, "Hand", 0.1016, 0},
    {LENGTH, "Hectometer", 100, 0},
    {LENGTH, "Inch", 0.0254, 0},
    {LENGTH, "KilolightYear", 9.46073047258e18, 0},
    {LENGTH, "Kilometer", 1e3, 0},
    {LENGTH, "Kiloparsec", 3.08567758128e19, 0},
    {LENGTH, "LightYear", 9.46073047258e15, 0},
    {LENGTH, "MegalightYear", 9.46073047258e21, 0},
    {LENGTH, "Megaparsec", 3.08567758128e22, 0},
    {LENGTH, "Meter", 1, 0},
    {LENGTH, "Microinch", 2.54e-8, 0},
    {LENGTH, "Micrometer", 1e-6, 0},
    {LENGTH, "Mil", 2.54e-5, 0},
    {LENGTH, "Mile", 1609.34, 0},
    {LENGTH, "Millimeter", 1e-3, 0},
    {LENGTH, "Nanometer", 1e-9, 0},
    {LENGTH, "NauticalMile", 1852, 0},
    {LENGTH, "Parsec", 3.08567758128e16, 0},
    {LENGTH, "PrinterPica", 1 / 237.106301584, 0},
    {LENGTH, "PrinterPoint", 0.0254 / 72.27, 0},
    {LENGTH, "Shackle", 27.432, 0},
    {LENGTH, "SolarRadius", 6.9551e8, 0},
    {LENGTH, "Twip", 1 / 56692.913385826, 0},
    {LENGTH, "UsSurveyFoot", SURVEY_FOOT, 0},
    {LENGTH, "Yard", 0.9144, 0},
    {MASS, "Centigram", 1e-5, 0},
    {MASS, "Decagram", 1e-2, 0},
    {MASS, "Decigram", 1e-4, 0},
    {MASS, "EarthMass", 5.9722e24, 0},
    {MASS, "Grain", 1 / 15432.358352941431, 0},
    {MASS, "Gram", 1e-3, 0},
    {MASS, "Hectogram", 0.1, 0},
    {MASS, "Kilogram", 1, 0},
    {MASS, "Kilopound", 453.59237, 0},
    {MASS, "Kilotonne", 1e6, 0},
    {MASS, "LongHundredweight", 1 / 0.01968413055222121, 0},
    {MASS, "LongTon", 1016.0469088, 0},
    {MASS, "Megapound", 453592.37, 0},
    {MASS, "Megatonne", 1e9, 0},
    {MASS, "Microgram", 1e-9, 0},
    {MASS, "Milligram", 1e-6, 0},
    {MASS, "Nanogram", 1e-12, 0},
    {MASS, "Ounce", 0.028349523125, 0},
    {MASS, "Pound", 0.45359237, 0},
    {MASS, "ShortHundredweight", 1 / 0.022046226218487758, 0},
    {MASS, "ShortTon", 907.18474, 0},
    {MASS, "Slug", 1 / 0.06852176556196105, 0},
    {MASS, "SolarMass", 1.98947e30, 0},
    {MASS, "Stone", 1 / 0.1574731728702698, 0},
    {MASS, "Tonne", 1e3, 0},
    {SPEED, "CentimeterPerHour", 0.01 / 3600, 0},
    {SPEED, "CentimeterPerMinute", 0.01 / 60, 0},
    {SPEED, "CentimeterPerSecond", 0.01, 0},
    {SPEED, "DecimeterPerMinute", 0.1 / 60, 0},
    {SPEED, "DecimeterPerSecond", 0.1, 0},
    {SPEED, "FootPerHour", 0.3048 / 3600, 0},
    {SPEED, "FootPerMinute", 0.3048 / 60, 0},
    {SPEED, "FootPerSecond", 0.3048, 0},
    {SPEED, "InchPerHour", 0.0254 / 3600, 0},
    {SPEED, "InchPerMinute", 0.0254 / 60, 0},
    {SPEED, "InchPerSecond", 0.0254, 0},
    {SPEED, "KilometerPerHour", 1e3 / 3600, 0},
    {SPEED, "KilometerPerMinute", 1e3 / 60, 0},
    {SPEED, "KilometerPerSecond", 1e3, 0},
    {SPEED, "Knot", 0.514444, 0},
    {SPEED, "MeterPerHour", 1.0 / 3600, 0},
    {SPEED, "MeterPerMinute", 1.0 / 60, 0},
    {SPEED, "MeterPerSecond", 1.0, 0},
    {SPEED, "MicrometerPerMinute", 1e-6 / 60, 0},
    {SPEED, "MicrometerPerSecond", 1e-6, 0},
    {SPEED, "MilePerHour", 0.44704, 0},
    {SPEED, "MillimeterPerHour", 1e-3 / 3600, 0},
    {SPEED, "MillimeterPerMinute", 1e-3 / 60, 0},
    {SPEED, "MillimeterPerSecond", 1e-3, 0},
    {SPEED, "NanometerPerMinute", 1e-9 / 60, 0},
    {SPEED, "NanometerPerSecond", 1e-9, 0},
    {SPEED, "UsSurveyFootPerHour", SURVEY_FOOT / 3600, 0},
    {SPEED, "UsSurveyFootPerMinute", SURVEY_FOOT / 60, 0},
    {SPEED, "UsSurveyFootPerSecond", SURVEY_FOOT, 0},
    {SPEED, "YardPerHour", 0.9144 / 3600, 0},
    {SPEED, "YardPerMinute", 0.9144 / 60, 0},
    {SPEED, "YardPerSecond", 0.9144, 0},
    {TEMPERATURE, "DegreeCelsius", 1, ZERO_CELSIUS},
    {TEMPERATURE, "DegreeDelisle", -2.0 / 3, ZERO_CELSIUS + 100},
    {TEMPERATURE, "DegreeFahrenheit", 5.0 / 9, 459.67 * 5 / 9},
    {TEMPERATURE, "DegreeNewton", 100.0 / 33, ZERO_CELSIUS},
    {TEMPERATURE, "DegreeRankine", 5.0 / 9, 0},
    {TEMPERATURE, "DegreeReaumur", 1.25, ZERO_CELSIUS},
    {TEMPERATURE, "DegreeRoemer", 40.0 / 21, ZERO_CELSIUS - 7.5 * 40 / 21},
    {TEMPERATURE, "Kelvin", 1, 0},
    {TEMPERATURE, "MillidegreeCelsius", 1e-3, ZERO_CELSIUS},
    {TEMPERATURE, "SolarTemperature", 5778, 0},
    {VOLUME, "AcreFoot", 1 / 0.000810714, 0},
    {VOLUME, "AuTablespoon", 2e-5, 0},
    {VOLUME, "BoardFoot", 2.3597372158e-3, 0},
    {VOLUME, "Centiliter", 1e-5, 0},
    {VOLUME, "CubicCentimeter", 1e-6, 0},
    {VOLUME, "CubicDecimeter", 1e-3, 0},
    {VOLUME, "CubicFoot", CUBIC_FOOT, 0},
    {VOLUME, "CubicHectometer", 1e6, 0},
    {VOLUME, "CubicInch", 1.6387e-5, 0},
    {VOLUME, "CubicKilometer", 1e9, 0},
    {VOLUME, "CubicMeter", 1, 0},
    {VOLUME, "CubicMicrometer", 1e-18, 0},
    {VOLUME, "CubicMile", 4.16818182544058e9, 0},
    {VOLUME, "CubicMillimeter", 1e-9, 0},
    {VOLUME, "CubicYard", 0.764554858, 0},
    {VOLUME, "Decaliter", 1e-2, 0},
    {VOLUME, "DecausGallon", US_GALLON * 10, 0},
    {VOLUME, "Deciliter", 1e-4, 0},
    {VOLUME, "DeciusGallon", US_GALLON * 0.1, 0},
    {VOLUME, "HectocubicFoot", CUBIC_FOOT * 100, 0},
    {VOLUME, "HectocubicMeter", 100, 0},
    {VOLUME, "Hectoliter", 0.1, 0},
    {VOLUME, "HectousGallon", US_GALLON * 100, 0},
    {VOLUME, "ImperialBeerBarrel", 0.16365924, 0},
    {VOLUME, "ImperialGallon", IMPERIAL_GALLON, 0},
    {VOLUME, "ImperialOunce", 2.8413062499962901241875439064617e-5, 0},
    {VOLUME, "ImperialPint", 5.6826125e-4, 0},
    {VOLUME, "KilocubicFoot", CUBIC_FOOT * 1e3, 0},
    {VOLUME, "KilocubicMeter", 1e3, 0},
    {VOLUME, "KiloimperialGallon", IMPERIAL_GALLON * 1e3, 0},
    {VOLUME, "Kiloliter", 1, 0},
    {VOLUME, "KilousGallon", US_GALLON * 1e3, 0},
    {VOLUME, "Liter", 1e-3, 0},
    {VOLUME, "MegacubicFoot", CUBIC_FOOT * 1e6, 0},
    {VOLUME, "MegaimperialGallon", IMPERIAL_GALLON * 1e6, 0},
    {VOLUME, "Megaliter", 1e3, 0},
    {VOLUME, "MegausGallon", US_GALLON * 1e6, 0},
    {VOLUME, "MetricCup", 2.5e-4, 0},
    {VOLUME, "MetricTeaspoon", 5e-6, 0},
    {VOLUME, "Microliter", 1e-9, 0},
    {VOLUME, "Milliliter", 1e-6, 0},
    {VOLUME, "OilBarrel", 0.158987294928, 0},
    {VOLUME, "UkTablespoon", 1.5e-5, 0},
    {VOLUME, "UsBeerBarrel", 0.1173477658, 0},
    {VOLUME, "UsCustomaryCup", 2.365882365e-4, 0},
    {VOLUME, "UsGallon", US_GALLON, 0},
    {VOLUME, "UsLegalCup", 2.4e-4, 0},
    {VOLUME, "UsOunce", 2.957352956253760505068307980135e-5, 0},
    {VOLUME, "UsPint", 4.73176473e-4, 0},
    {VOLUME, "UsQuart", 9.46352946e-4, 0},
    {VOLUME, "UsTablespoon", 1.478676478125e-5, 0},
    {VOLUME, "UsTeaspoon", 4.92892159375e-6, 0},
};

static const struct unit *unit_find(enum quantity q, struct str name)
{
    for (size_t i = 0; i < COUNTOF(units); i++)
        if (units[i].quantity == q && str_eqz(name, units[i].name))
            return &units[i];
    return NULL;
}

/* The tilt of a slope is the sine of its angle. */
static double to_base(const struct unit *u, double x)
{
    return u->factor == NOT_LINEAR ? asin(x) * DEGREES_PER_RADIAN : x * u->factor + u->offset;
}

static double from_base(const struct unit *u, double x)
{
    return u->factor == NOT_LINEAR ? sin(x / DEGREES_PER_RADIAN) : (x - u->offset) / u->factor;
}

struct unit_pair {
    const struct unit *from, *to;
};

static struct unit_pair pair_find(enum quantity q, struct str from, struct str to)
{
    return (struct unit_pair){unit_find(q, from), unit_find(q, to)};
}

static void convert(struct cf_call *c, size_t r, enum quantity q)
{
    struct unit_pair p = c->bound ? *(const struct unit_pair *)c->bound
                                  : pair_find(q, cf_str(c, 1, r), cf_str(c, 2, r));
    double x = cf_f64(c, 0, r);
    if (p.from && p.to)
        cf_out_f64(c, r, p.from == p.to ? x : from_base(p.to, to_base(p.from, x)));
}

static void *prepare(const struct cf_const *args, size_t n, enum quantity q)
{
    if (n != 3 || !args[1].known || args[1].is_null || !args[2].known || args[2].is_null)
        return NULL;
    struct unit_pair *p = xmalloc(sizeof(*p));
    *p = pair_find(q, args[1].text, args[2].text);
    return p;
}

#define QUANTITY(name, q)                                                                          \
    static void row_##name(struct cf_call *c, size_t r)                                            \
    {                                                                                              \
        convert(c, r, q);                                                                          \
    }                                                                                              \
    static void *prepare_##name(const struct cf_const *args, size_t n)                             \
    {                                                                                              \
        return prepare(args, n, q);                                                                \
    }
QUANTITY(angle, ANGLE)
QUANTITY(energy, ENERGY)
QUANTITY(force, FORCE)
QUANTITY(length, LENGTH)
QUANTITY(mass, MASS)
QUANTITY(speed, SPEED)
QUANTITY(temperature, TEMPERATURE)
QUANTITY(volume, VOLUME)

#define QUANTITY_ROW(n)                                                                            \
    {                                                                                              \
        .name = "vdf_convert_" #n, .sig = "dss:d", .row = row_##n, .prepare = prepare_##n,         \
        .release = xfree                                                                           \
    }
const struct cf_scalar fn_units_rows[] = {
    QUANTITY_ROW(angle),       QUANTITY_ROW(energy), QUANTITY_ROW(force),
    QUANTITY_ROW(length),      QUANTITY_ROW(mass),   QUANTITY_ROW(speed),
    QUANTITY_ROW(temperature), QUANTITY_ROW(volume), {0},
};
