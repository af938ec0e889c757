/* Which ATT&CK (enterprise, v18.1) technique belongs to which tactic. Ids only; withdrawn ones are
 * kept, since rules still carry them. The two ICS tactics and PreAttack have no list: their
 * techniques are not checked. */
#include "detect/rule_priv.h"

static const uint16_t reconnaissance[] = {
    1589, 1590, 1591, 1592, 1593, 1594, 1595, 1596, 1597, 1598, 1681,
};
static const uint16_t resourcedevelopment[] = {
    1583, 1584, 1585, 1586, 1587, 1588, 1608, 1650,
};
static const uint16_t initialaccess[] = {
    1078, 1091, 1133, 1189, 1190, 1192, 1193, 1194, 1195, 1199, 1200, 1566, 1659, 1669,
};
static const uint16_t execution[] = {
    1028, 1035, 1047, 1053, 1059, 1061, 1064, 1072, 1085, 1086, 1106, 1117, 1118,
    1121, 1129, 1151, 1152, 1153, 1154, 1155, 1168, 1170, 1173, 1175, 1177, 1191,
    1196, 1203, 1204, 1223, 1559, 1569, 1609, 1610, 1648, 1651, 1674, 1675, 1677,
};
static const uint16_t persistence[] = {
    1004, 1013, 1015, 1019, 1023, 1031, 1034, 1037, 1038, 1042, 1044, 1050, 1053, 1058, 1060,
    1062, 1067, 1078, 1084, 1098, 1100, 1101, 1103, 1108, 1109, 1112, 1122, 1128, 1131, 1133,
    1136, 1137, 1138, 1150, 1152, 1154, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164,
    1165, 1166, 1168, 1176, 1177, 1179, 1180, 1182, 1183, 1197, 1198, 1205, 1209, 1215, 1501,
    1504, 1505, 1519, 1525, 1542, 1543, 1546, 1547, 1554, 1556, 1574, 1653, 1668, 1671,
};
static const uint16_t privilegeescalation[] = {
    1013, 1015, 1034, 1037, 1038, 1044, 1050, 1053, 1055, 1058, 1068, 1078, 1088, 1098,
    1100, 1103, 1134, 1138, 1150, 1157, 1160, 1165, 1166, 1169, 1178, 1179, 1181, 1182,
    1183, 1206, 1484, 1502, 1504, 1514, 1519, 1543, 1546, 1547, 1548, 1574, 1611,
};
static const uint16_t defenseevasion[] = {
    1006, 1009, 1014, 1027, 1036, 1038, 1045, 1054, 1055, 1064, 1066, 1070, 1073, 1078, 1085, 1088,
    1089, 1093, 1096, 1099, 1107, 1108, 1109, 1112, 1116, 1117, 1118, 1121, 1122, 1126, 1127, 1130,
    1134, 1140, 1143, 1144, 1146, 1147, 1148, 1149, 1150, 1151, 1152, 1158, 1170, 1181, 1183, 1186,
    1191, 1196, 1197, 1198, 1202, 1205, 1207, 1211, 1216, 1218, 1220, 1221, 1222, 1223, 1480, 1484,
    1497, 1500, 1502, 1506, 1527, 1535, 1536, 1542, 1548, 1550, 1553, 1556, 1562, 1564, 1574, 1578,
    1599, 1600, 1601, 1610, 1612, 1620, 1622, 1647, 1656, 1666, 1672, 1678, 1679,
};
static const uint16_t credentialaccess[] = {
    1003, 1040, 1056, 1081, 1110, 1111, 1139, 1141, 1142, 1145, 1167, 1171, 1174, 1179, 1187,
    1208, 1212, 1214, 1503, 1522, 1528, 1539, 1552, 1555, 1556, 1557, 1558, 1606, 1621, 1649,
};
static const uint16_t discovery[] = {
    1007, 1010, 1012, 1016, 1018, 1033, 1040, 1046, 1049, 1057, 1063, 1069,
    1082, 1083, 1087, 1120, 1124, 1135, 1201, 1217, 1482, 1497, 1518, 1526,
    1538, 1580, 1613, 1614, 1615, 1619, 1622, 1652, 1654, 1673, 1680,
};
static const uint16_t lateralmovement[] = {
    1017, 1021, 1028, 1051, 1072, 1075, 1076, 1077, 1080, 1091,
    1097, 1175, 1184, 1210, 1506, 1527, 1534, 1550, 1563, 1570,
};
static const uint16_t collection[] = {
    1005, 1025, 1039, 1056, 1074, 1113, 1114, 1115, 1119,
    1123, 1125, 1185, 1213, 1530, 1557, 1560, 1602,
};
static const uint16_t exfiltration[] = {
    1002, 1011, 1020, 1022, 1029, 1030, 1041, 1048, 1052, 1537, 1567,
};
static const uint16_t commandandcontrol[] = {
    1001, 1008, 1024, 1026, 1032, 1043, 1065, 1071, 1079, 1090, 1092, 1094, 1095, 1102,
    1104, 1105, 1132, 1172, 1188, 1205, 1219, 1483, 1568, 1571, 1572, 1573, 1659, 1665,
};
static const uint16_t impact[] = {
    1485, 1486, 1487, 1488, 1489, 1490, 1491, 1492, 1493, 1494,
    1495, 1496, 1498, 1499, 1529, 1531, 1561, 1565, 1657, 1667,
};
static const struct {
    const char *name;
    const uint16_t *ids;
    size_t n;
} tactics[] = {
    {"Reconnaissance", reconnaissance, COUNTOF(reconnaissance)},
    {"ResourceDevelopment", resourcedevelopment, COUNTOF(resourcedevelopment)},
    {"InitialAccess", initialaccess, COUNTOF(initialaccess)},
    {"Execution", execution, COUNTOF(execution)},
    {"Persistence", persistence, COUNTOF(persistence)},
    {"PrivilegeEscalation", privilegeescalation, COUNTOF(privilegeescalation)},
    {"DefenseEvasion", defenseevasion, COUNTOF(defenseevasion)},
    {"CredentialAccess", credentialaccess, COUNTOF(credentialaccess)},
    {"Discovery", discovery, COUNTOF(discovery)},
    {"LateralMovement", lateralmovement, COUNTOF(lateralmovement)},
    {"Collection", collection, COUNTOF(collection)},
    {"Exfiltration", exfiltration, COUNTOF(exfiltration)},
    {"CommandAndControl", commandandcontrol, COUNTOF(commandandcontrol)},
    {"Impact", impact, COUNTOF(impact)},
    {"PreAttack", NULL, 0},
    {"ImpairProcessControl", NULL, 0},
    {"InhibitResponseFunction", NULL, 0},
};

const char *mitre_tactic(struct str name)
{
    char squeezed[40];
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < sizeof(squeezed); i++)
        if (name.p[i] != ' ' && name.p[i] != '-' && name.p[i] != '_')
            squeezed[n++] = name.p[i];
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        if (str_ieqz((struct str){squeezed, n}, tactics[i].name))
            return tactics[i].name;
    return NULL;
}

static bool listed(size_t tactic, int64_t id)
{
    for (size_t i = 0; i < tactics[tactic].n; i++)
        if (tactics[tactic].ids[i] == id)
            return true;
    return false;
}

static bool technique_number(struct str t, int64_t *out)
{
    return t.n >= 5 && str_to_i64(str_sub(t, 1, 4), out);
}

bool mitre_technique_known(struct str technique)
{
    int64_t id = 0;
    if (!technique_number(technique, &id))
        return false;
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        if (listed(i, id))
            return true;
    return false;
}

bool mitre_technique_in(struct str technique, struct str tactic)
{
    int64_t id = 0;
    if (!technique_number(technique, &id))
        return false;
    for (size_t i = 0; i < COUNTOF(tactics); i++)
        if (str_eqz(tactic, tactics[i].name))
            return tactics[i].n == 0 || listed(i, id);
    return false;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

bool mitre_technique_form(struct str t)
{
    bool head = t.n >= 5 && t.p[0] == 'T' && all_digits(str_sub(t, 1, 4));
    return head && (t.n == 5 || (t.n == 9 && t.p[5] == '.' && all_digits(str_sub(t, 6, 3))));
}
