"""What the sample lesson shows and says, in three languages. Formulas need no translation and stand in `script`."""

LANGUAGES = ("kk", "ru", "en")

WORDS: dict[str, tuple[str, str, str]] = {
    # Shown
    "title": ("Квадрат теңдеу", "Квадратное уравнение", "Quadratic equations"),
    "course": ("Алгебра · 8-сынып", "Алгебра · 8 класс", "Algebra · Grade 8"),
    "definition": ("Анықтамасы", "Определение", "What it is"),
    "coefficients": (
        "a, b, c — сандар, a нөлге тең емес",
        "a, b, c — числа, a не равно нулю",
        "a, b, c are numbers, a is not zero",
    ),
    "unknown": ("x — белгісіз сан", "x — неизвестное число", "x is the unknown number"),
    "discriminant": ("Дискриминант", "Дискриминант", "The discriminant"),
    "two_roots": ("D > 0 — екі түбірі бар", "D > 0 — два корня", "D > 0: two roots"),
    "one_root": ("D = 0 — бір түбірі бар", "D = 0 — один корень", "D = 0: one root"),
    "no_root": ("D < 0 — нақты түбірі жоқ", "D < 0 — нет действительных корней", "D < 0: no real roots"),
    "roots": ("Түбірлер формуласы", "Формула корней", "The formula for the roots"),
    "positive": (
        "D теріс болмағанда ғана қолданылады",
        "Применяется, только если D не меньше нуля",
        "It works only if D is not negative",
    ),
    "example": ("Мысал", "Пример", "Example"),
    "graph": ("Функцияның графигі", "График функции", "The graph"),
    "parabola": ("График — парабола", "График — парабола", "The graph is a parabola"),
    "summary": ("Қорытынды", "Итоги", "Summary"),
    "first": ("Алдымен дискриминантты табамыз", "Сначала находим дискриминант", "First find the discriminant"),
    "second": (
        "Оның таңбасы түбірлер санын көрсетеді",
        "Его знак показывает число корней",
        "Its sign tells the number of roots",
    ),
    "homework": ("Үй тапсырмасы:", "Домашнее задание:", "Homework:"),
    # Said
    "say_title": (
        "Сәлеметсіздер ме! Бүгінгі сабақтың тақырыбы: квадрат теңдеу.",
        "Здравствуйте! Тема сегодняшнего урока: квадратное уравнение.",
        "Hello! Today's lesson is about quadratic equations.",
    ),
    "say_definition": (
        "Алдымен анықтамасын, сосын дискриминантты қараймыз.",
        "Сначала дадим определение и найдём дискриминант.",
        "First we see what they are, and the discriminant.",
    ),
    "say_graph": (
        "Соңында түбірлерін тауып, графигін саламыз.",
        "Затем найдём корни и построим график.",
        "Then we find the roots and draw the graph.",
    ),
    "say_general": (
        "Жалпы түрі: а икс квадрат, плюс бэ икс, плюс цэ, тең нөл.",
        "Общий вид: а икс в квадрате, плюс бэ икс, плюс цэ, равно нулю.",
        "In general: A x squared, plus B x, plus C, equals zero.",
    ),
    "say_coefficients": (
        "Мұндағы а, бэ, цэ сандар, ал а нөлге тең емес.",
        "Здесь а, бэ, цэ числа, причём а не равно нулю.",
        "Here A, B and C are numbers, and A is not zero.",
    ),
    "say_unknown": (
        "Икс белгісіз сан, соны табу керек.",
        "Икс неизвестное, его надо найти.",
        "X is the unknown that we look for.",
    ),
    "say_formula_d": (
        "Дискриминант тең: бэ квадрат, минус төрт а цэ.",
        "Дискриминант равен: бэ квадрат, минус четыре а цэ.",
        "The discriminant is B squared, minus four A C.",
    ),
    "say_two_roots": (
        "Ол нөлден үлкен болса, екі түбірі бар.",
        "Если он больше нуля, корней два.",
        "If it is above zero, there are two roots.",
    ),
    "say_one_root": (
        "Нөлге тең болса, бір түбірі бар.",
        "Если равен нулю, корень один.",
        "If it is zero, there is one.",
    ),
    "say_no_root": (
        "Ал теріс болса, нақты түбірі жоқ.",
        "А если меньше нуля, действительных корней нет.",
        "And below zero there are no real roots.",
    ),
    "say_roots": (
        "Түбірлері: минус бэ, плюс минус дискриминанттың квадрат түбірі, бөлу екі а.",
        "Корни: минус бэ, плюс минус корень из дискриминанта, делить на два а.",
        "The roots are minus B, plus or minus the root of the discriminant, over two A.",
    ),
    "say_example": (
        "Мысал шығарайық: икс квадрат, минус {p} икс, плюс {q}, тең нөл.",
        "Решим пример: икс в квадрате, минус {p} икс, плюс {q}, равно нулю.",
        "An example: x squared, minus {p} x, plus {q}, equals zero.",
    ),
    "say_example_d": (
        "Дискриминант: {pp} минус {qqqq}, тең {d}.",
        "Дискриминант: {pp} минус {qqqq} равно {d}.",
        "The discriminant: {pp} minus {qqqq} equals {d}.",
    ),
    "say_example_root": ("Оның квадрат түбірі: {r}.", "Корень из него: {r}.", "Its square root is {r}."),
    "say_answer": (
        "Сонымен, түбірлері {x1} және {x2}.",
        "Итак, корни: {x1} и {x2}.",
        "So the roots are {x1} and {x2}.",
    ),
    "say_axes": ("Енді функцияның графигін салайық.", "Теперь построим график функции.", "Now let us draw the graph."),
    "say_parabola": (
        "Графигі парабола, тармақтары жоғары қараған.",
        "График парабола, её ветви направлены вверх.",
        "It is a parabola that opens upwards.",
    ),
    "say_zeros": (
        "Ол икс осін екі және үш нүктелерінде қиып өтеді.",
        "Она пересекает ось икс в точках два и три.",
        "It meets the x axis at two and at three.",
    ),
    "say_first": (
        "Қорытындылайық. Алдымен дискриминантты табамыз.",
        "Подведём итоги. Сначала находим дискриминант.",
        "To sum up: first find the discriminant.",
    ),
    "say_second": (
        "Оның таңбасы түбірлер санын көрсетеді.",
        "Его знак показывает, сколько корней.",
        "Its sign tells how many roots there are.",
    ),
    "say_homework": (
        "Үй тапсырмасын өздеріңіз орындаңыздар. Сау болыңыздар!",
        "Домашнее задание решите сами. До свидания!",
        "Try the homework by yourself. Goodbye!",
    ),
}


def words(language: str) -> dict[str, str]:
    """Every text in one language."""
    return {key: texts[LANGUAGES.index(language)] for key, texts in WORDS.items()}
