"""Subjects from which the sections of this chapter start; each changes what it is about."""

MONO = {
    "regimen_class": "ici_mono",
    "setting": "advanced",
    "ici_start": "2020-01-01",
    "ici_last_dose": "2020-02-12",
    "cycles": "3",
    "best_response": "PD",
    "response_confirmed": "no",
    "pd_date": "2020-02-20",
    "pd_confirmed_date": "2020-03-25",
    "rapid_progression": "no",
    "last_assessment": "2020-03-25",
    "death_date": "",
}
"""Progression as best response after 42 days of exposure, confirmed after 34 days."""

COMBINATION = MONO | {"regimen_class": "ici_combination", "maintenance_start": ""}

CHEMO = {
    "regimen_class": "chemo_ici",
    "setting": "advanced",
    "ici_start": "2020-01-01",
    "ici_last_dose": "2020-06-20",
    "cycles": "8",
    "chemo_end": "2020-03-05",
    "maintenance_start": "2020-03-26",
    "best_response": "PR",
    "response_confirmed": "yes",
    "pd_date": "2020-07-01",
    "pd_confirmed_date": "",
    "rapid_progression": "no",
    "last_assessment": "2020-07-01",
}

ADJUVANT = {
    "regimen_class": "adjuvant_ici",
    "setting": "adjuvant",
    "ici_start": "2020-01-01",
    "ici_last_dose": "2020-12-01",
    "cycles": "12",
    "best_response": "",
    "pd_date": "2021-01-10",
    "rapid_progression": "no",
    "last_assessment": "2021-01-10",
}
