import pandas as pd


def load(path):
    df = pd.read_csv(path)
    df.columns = [column.strip().lower().replace(" ", "_") for column in df.columns]
    return df


def drop_incomplete(df, required):
    before = len(df)
    df = df.dropna(subset=required)
    print(f"dropped {before - len(df)} incomplete rows")
    return df


def fix_types(df):
    df["date"] = pd.to_datetime(df["date"])
    df["price"] = df["price"].str.replace(",", ".").astype(float)
    df["quantity"] = df["quantity"].fillna(0).astype(int)
    return df


def remove_outliers(df, column, factor=3):
    mean = df[column].mean()
    std = df[column].std()
    return df[(df[column] - mean).abs() <= factor * std]


def add_features(df):
    df["revenue"] = df["price"] * df["quantity"]
    df["month"] = df["date"].dt.month
    df["year"] = df["date"].dt.year
    return df


def monthly_revenue(df):
    return df.groupby(["year", "month"])["revenue"].sum().reset_index()


def top_products(df, n=10):
    return df.groupby("product")["revenue"].sum().sort_values(ascending=False).head(n)


def main():
    df = load("sales.csv")
    df = drop_incomplete(df, ["date", "price"])
    df = fix_types(df)
    df = remove_outliers(df, "price")
    df = add_features(df)
    print(monthly_revenue(df))
    print(top_products(df))
    df.to_csv("sales_clean.csv", index=False)


if __name__ == "__main__":
    main()
