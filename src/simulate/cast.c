/* Who and what there is: derived from a number, so that nothing has to be kept. */
#include <stdio.h>

#include "simulate/simulate_priv.h"

static const char *const first_names[] = {
    "Anna", "Erik",  "Maja", "Lars", "Ines", "Omar",  "Sofia", "Mats",  "Karin",  "Jonas",
    "Elif", "Petra", "Nils", "Vera", "Hugo", "Selma", "Tove",  "Ruben", "Astrid", "Yusuf"};
static const char *const last_names[] = {"Lindqvist", "Berg",   "Sand",   "Holm",   "Dahl",
                                         "Moreau",    "Vik",    "Rossi",  "Krantz", "Falk",
                                         "Novak",     "Strand", "Hedman", "Ek",     "Wallin"};

static void name_user(int i, struct sim_user *u)
{
    if (i == SIM_VICTIM) {
        snprintf(u->login, sizeof(u->login), "m.osei");
        snprintf(u->display, sizeof(u->display), "Miriam Osei");
        return;
    }
    if (i == SIM_ADMIN) {
        snprintf(u->login, sizeof(u->login), "adm.nyberg");
        snprintf(u->display, sizeof(u->display), "Stefan Nyberg (administration)");
        return;
    }
    const char *first = first_names[i % (int)COUNTOF(first_names)];
    const char *last = last_names[(i * 7 + i / 15) % (int)COUNTOF(last_names)];
    snprintf(u->display, sizeof(u->display), "%s %s", first, last);
    snprintf(u->login, sizeof(u->login), "%c.%s%s", first[0] | 0x20, last,
             i >= (int)COUNTOF(first_names) * 2 ? "2"
             : i >= (int)COUNTOF(first_names)   ? "1"
                                                : "");
    for (char *p = u->login; *p != '\0'; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
}

void sim_user_get(int i, struct sim_user *u)
{
    static const struct {
        const char *country, *city;
    } places[] = {{"SE", "Gothenburg"}, {"NO", "Oslo"}, {"FI", "Turku"}, {"DK", "Aarhus"}};
    memset(u, 0, sizeof(*u));
    name_user(i, u);
    int place = i % 10 < 7 || i == SIM_VICTIM ? 0 : i % 10 - 6;
    snprintf(u->upn, sizeof(u->upn), "%s@" SIM_DOMAIN, u->login);
    snprintf(u->country, sizeof(u->country), "%s", places[place].country);
    snprintf(u->city, sizeof(u->city), "%s", places[place].city);
    snprintf(u->office_ip, sizeof(u->office_ip), "192.0.2.%d", 10 + place);
    snprintf(u->home_ip, sizeof(u->home_ip), "198.51.100.%d", 20 + i);
    u->number = i;
    u->workstation = i % SIM_WORKSTATIONS;
    u->administrator = i < 4;
    u->traveller = i % 17 == 11;
}

void sim_workstation_name(int i, char out[32])
{
    snprintf(out, 32, "ws-%03d", i + 1);
}

void sim_server_name(int i, char out[32])
{
    static const char *const names[SIM_SERVERS] = {
        "dc1",      "dc2",      "srv-file1", "srv-file2", "srv-app1", "srv-app2",
        "srv-app3", "srv-sql1", "srv-sql2",  "srv-print", "srv-web1", "srv-bkp1"};
    snprintf(out, 32, "%s", names[i % SIM_SERVERS]);
}

void sim_linux_name(int i, char out[32])
{
    static const char *const names[SIM_LINUX] = {"lnx-web1", "lnx-web2", "lnx-db1",
                                                 "lnx-ci1",  "lnx-mon1", "lnx-vpn1"};
    snprintf(out, 32, "%s", names[i % SIM_LINUX]);
}

void sim_workstation_ip(int i, char out[20])
{
    snprintf(out, 20, "10.20.1.%d", 10 + i);
}

void sim_server_ip(int i, char out[20])
{
    snprintf(out, 20, "10.20.3.%d", 10 + i);
}

void sim_linux_ip(int i, char out[20])
{
    snprintf(out, 20, "10.20.4.%d", 10 + i);
}

void sim_destination_ip(int i, char out[20])
{
    snprintf(out, 20, "203.0.113.%d", 100 + i % SIM_DESTINATIONS);
}
